import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

/**
 * Makes one page of app/: its script and its style stand in it, and it may load nothing. Charts set styles of elements, so
 * styles have no hash.
 * @param {string} root the project's folder
 * @param {string} file
 */
export async function buildAnswerPage(root, file) {
  /** @type {import('esbuild').BuildOptions} */
  const common = { absWorkingDir: root, bundle: true, minify: true, write: false, target: 'es2023' };
  const code = await build({ ...common, entryPoints: ['app/main.ts'], format: 'esm', metafile: true });
  const style = await build({ ...common, entryPoints: ['app/answer.css'] });
  const script = textOf(code);
  const hash = createHash('sha256').update(script).digest('base64');
  const csp = `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`;
  await writeFile(
    file,
    `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${csp}">
<title>Steward</title>
<style>${textOf(style)}</style>
</head>
<body>
<main></main>
<script type="module">${script}</script>
</body>
</html>
`,
  );
  return code;
}

/** @param {import('esbuild').BuildResult} result */
function textOf({ outputFiles }) {
  return outputFiles?.[0]?.text ?? '';
}
