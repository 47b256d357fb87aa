// serverless takes variables from .cjs files and not from .ts files: this hands on what template-values.ts makes.
const { given, params } = require('./template-values.ts');

module.exports = { given, params };
