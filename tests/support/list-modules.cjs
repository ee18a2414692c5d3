// Preloaded into a Steward: when that ends, the CommonJS modules it loaded are in the file that LOADED_MODULES_FILE names.
// The packages that only a setting loads are such modules, in dist/optional/.
const { writeFileSync } = require('node:fs');

process.on('exit', () => {
  const file = process.env['LOADED_MODULES_FILE'];
  // The host of the embedded database inherits this, too.
  if (file !== undefined && process.argv[1]?.endsWith('main.js'))
    writeFileSync(file, Object.keys(require.cache).join('\n'));
});
