import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { adminSchema } from '../../graphql/admin/schema';
import { clientSchema } from '../../graphql/client/schema';
import { printedSchema } from '../../graphql/runtime/build-schema';

describe('the printed GraphQL schemas', () => {
  it.each([
    ['client.graphql', clientSchema],
    ['admin.graphql', adminSchema],
  ])('%s is what the code says; npm run graphql:print writes it', (name, schema) => {
    expect(readFileSync(join(__dirname, '../../graphql', name), 'utf8')).toBe(printedSchema(schema()));
  });
});
