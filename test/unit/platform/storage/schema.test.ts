import { startTestStorage, type TestStorage } from '../../../support/storage';
import { testedDialect } from '../../../support/databases';

describe('the tables', () => {
  let database: TestStorage;
  beforeAll(async () => {
    database = await startTestStorage();
  });
  afterAll(() => database.stop());

  it('are made by the migrations exactly as the entities describe them', async () => {
    const { upQueries } = await database.source.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('are all described by an entity', async () => {
    const described = database.source.entityMetadatas.map(({ tableName }) => tableName);
    const sql =
      testedDialect() === 'sqlite'
        ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        : 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()';
    const rows = await database.storage.all<{ name: string }>(sql);
    const tables = rows.map(({ name }) => name).filter((name) => name !== 'migrations' && name !== 'typeorm_metadata');
    expect(tables.sort()).toEqual(described.sort());
  });

  it('can be taken back, newest first, and made again', async () => {
    const { source } = database;
    for (let i = 0; i < source.migrations.length; i++) await source.undoLastMigration();
    expect(await source.showMigrations()).toBe(true);
    await source.runMigrations();
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    expect(upQueries).toEqual([]);
  });
});
