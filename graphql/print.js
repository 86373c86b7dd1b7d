'use strict';
/**
 * Prints the two schemas to graphql/client.graphql and graphql/admin.graphql, from the built program. A test
 * compares them with the code.
 */
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');

const dist = join(__dirname, '../dist/graphql');
const { printedSchema } = require(join(dist, 'runtime/build-schema.js'));
const schemas = {
  'client.graphql': require(join(dist, 'client/schema.js')).clientSchema,
  'admin.graphql': require(join(dist, 'admin/schema.js')).adminSchema,
};

for (const [name, schema] of Object.entries(schemas)) {
  writeFileSync(join(__dirname, name), printedSchema(schema()));
}
