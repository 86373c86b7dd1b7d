import 'reflect-metadata';
import { loadConfig } from '#main/config/index';
import { createDataSource } from '#main/storage/data-source';

/** For TypeORM's command line: the database that the environment names, as `trellis` itself would open it. */
export default createDataSource(loadConfig({}).database.url);
