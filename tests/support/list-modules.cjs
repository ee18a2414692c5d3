// Preloaded into a Steward: when that ends, the CommonJS modules it loaded are in the file that LOADED_MODULES_FILE names.
// All of OpenTelemetry's packages and prom-client are such modules.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  const file = process.env['LOADED_MODULES_FILE'];
  // The host of the embedded database inherits this, too.
  if (file !== undefined && process.argv[1]?.endsWith('main.js') && !process.argv[1].includes('host'))
    writeFileSync(file, Object.keys(require.cache).join('\n'));
});
