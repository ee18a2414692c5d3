/** The files that a release has to agree on, by their paths from the root. */
export const FILES = [
  'package.json',
  'package-lock.json',
  'server.json',
  'CHANGELOG.md',
  'docs/performance.md',
];

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
  const text = (/** @type {string} */ file) => texts[file] ?? '';
  const { version } = JSON.parse(text('package.json'));
  return [
    ...compareLock(version, JSON.parse(text('package-lock.json'))),
    ...compareServer(version, JSON.parse(text('server.json'))),
    ...readChangelog(version, text('CHANGELOG.md'), now),
    ...readFigures(text('docs/performance.md'), now),
  ];
}

/** @param {string} version @param {{ version: string, packages: Record<string, { version?: string }> }} lock */
function compareLock(version, lock) {
  return lock.version === version && lock.packages['']?.version === version
    ? []
    : [`package-lock.json has another version than package.json, which has ${version}: run npm install.`];
}

/** @param {string} version @param {{ version: string, packages: { version: string }[] }} server */
function compareServer(version, server) {
  const named = [server.version, ...server.packages.map((one) => one.version)];
  return named.every((one) => one === version)
    ? []
    : [`server.json has the version ${named.join(' and ')}, and package.json has ${version}.`];
}

/** @param {string} version @param {string} changelog @param {Date} now */
function readChangelog(version, changelog, now) {
  const sections = changelog.split(/^## /m).slice(1);
  const newest = sections.find((section) => !section.startsWith('Unreleased'));
  const open = sections.find((section) => section.startsWith('Unreleased'));
  const [heading = ''] = (newest ?? '').split('\n');
  const problems = [];
  const [number, date = ''] = heading.split(' – ');
  if (number !== version || !isPast(date, now))
    problems.push(`CHANGELOG.md has "## ${heading}", where "## ${version} – year-month-day" has to stand.`);
  else if (!/^- /m.test(newest ?? '')) problems.push(`CHANGELOG.md says nothing about ${version}.`);
  if (open && /^[-*] /m.test(open))
    problems.push(`CHANGELOG.md has changes under "Unreleased": move them to ${version}.`);
  return problems;
}

/** @param {string} performance @param {Date} now */
function readFigures(performance, now) {
  const [, made = ''] = /^Made on (\d{4}-\d\d-\d\d) /m.exec(performance) ?? [];
  const age = (now.getTime() - Date.parse(made)) / DAY_MS;
  const problems = [];
  if (!isPast(made, now) || age > MOST_DAYS)
    problems.push(
      `The figures of docs/performance.md were made ${made ? `on ${made}` : 'nobody knows when'}: measure again with npm run bench -- --write docs/performance.md.`,
    );
  const exceptions = [...performance.matchAll(/^### Exception of (\d{4}-\d\d-\d\d): (.+)$/gm)];
  const isExcepted = (/** @type {string} */ figure) =>
    exceptions.some(([, date = '', name]) => name === figure && date >= made && isPast(date, now));
  for (const figure of missedFigures(performance))
    if (!isExcepted(figure))
      problems.push(
        `The target of "${figure}" is not reached, and docs/performance.md has no "### Exception of ${made}: ${figure}" with its profile.`,
      );
  return problems;
}

/** Whether a text is a day, and not one to come. @param {string} date @param {Date} now */
function isPast(date, now) {
  return /^\d{4}-\d\d-\d\d$/.test(date) && Date.parse(date) <= now.getTime();
}

/** @param {string} performance */
function missedFigures(performance) {
  const rows = performance.split('\n').filter((line) => /\| \*\*no\*\* +\|$/.test(line));
  return rows.map((row) => row.split('|')[1]?.trim() ?? '');
}
