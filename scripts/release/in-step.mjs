/** The files that a release has to agree on, by their paths from the root. */
export const FILES = ['package.json', 'server.json', 'CHANGELOG.md', 'docs/performance.md'];

/** Figures that are older say little about what is released. */
const MOST_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * What keeps the version of package.json from being released; empty if nothing does.
 * @param {Record<string, string>} texts of FILES, by path
 * @param {Date} now
 * @returns {string[]} sentences
 */
export function findMismatches(texts, now) {
  const [manifest = '', server = '', changelog = '', performance = ''] = FILES.map((file) => texts[file]);
  const { version } = JSON.parse(manifest);
  return [
    ...compareServer(version, JSON.parse(server)),
    ...readChangelog(version, changelog),
    ...readFigures(performance, now),
  ];
}

/** @param {string} version @param {{ version: string, packages: { version: string }[] }} server */
function compareServer(version, server) {
  const named = [server.version, ...server.packages.map((one) => one.version)];
  return named.every((one) => one === version)
    ? []
    : [`server.json has the version ${named.join(' and ')}, and package.json has ${version}.`];
}

/** @param {string} version @param {string} changelog */
function readChangelog(version, changelog) {
  const sections = changelog.split(/^## /m).slice(1);
  const newest = sections.find((section) => !section.startsWith('Unreleased'));
  const open = sections.find((section) => section.startsWith('Unreleased'));
  const [heading = ''] = (newest ?? '').split('\n');
  const problems = [];
  if (!new RegExp(`^${version.replaceAll('.', '\\.')} – \\d{4}-\\d\\d-\\d\\d$`).test(heading))
    problems.push(`CHANGELOG.md has "## ${heading}", where "## ${version} – year-month-day" has to stand.`);
  else if (!/^- /m.test(newest ?? '')) problems.push(`CHANGELOG.md says nothing about ${version}.`);
  if (open && /^- /m.test(open))
    problems.push(`CHANGELOG.md has changes under "Unreleased": move them to ${version}.`);
  return problems;
}

/** @param {string} performance @param {Date} now */
function readFigures(performance, now) {
  const [, made = ''] = /^Made on (\d{4}-\d\d-\d\d) /m.exec(performance) ?? [];
  const age = (now.getTime() - Date.parse(made)) / DAY_MS;
  const problems = [];
  if (!(age < MOST_DAYS))
    problems.push(
      `The figures of docs/performance.md were made ${made ? `on ${made}` : 'nobody knows when'}: measure again with npm run bench -- --write docs/performance.md.`,
    );
  const exceptions = [...performance.matchAll(/^### Exception of (\d{4}-\d\d-\d\d): (.+)$/gm)];
  const isExcepted = (/** @type {string} */ figure) =>
    exceptions.some(([, date = '', name]) => name === figure && date >= made);
  for (const figure of missedFigures(performance))
    if (!isExcepted(figure))
      problems.push(
        `The target of "${figure}" is not reached, and docs/performance.md has no "### Exception of ${made}: ${figure}" with its profile.`,
      );
  return problems;
}

/** @param {string} performance */
function missedFigures(performance) {
  const rows = performance.split('\n').filter((line) => /\| \*\*no\*\* +\|$/.test(line));
  return rows.map((row) => row.split('|')[1]?.trim() ?? '');
}
