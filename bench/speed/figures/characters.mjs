import { progress } from '../../progress.mjs';
import { rowsOf } from '../compare.mjs';
import { textOf } from '../rightness.mjs';

/** @param {import('../stage.mjs').Stage} stage */
export async function measureCharacters(stage) {
  progress('characters of an answer');
  const contestants = (await stage.overStdio()).filter(({ kind }) => kind.looksUp);
  const rows = [];
  for (const { name, one } of stage.topics) {
    /** @type {[name: string, lengths: [number]][]} */
    const lengths = [];
    for (const contestant of contestants)
      lengths.push([contestant.name, [textOf(await contestant.ask(one)).length]]);
    const [[leanest] = ['']] = lengths.slice(1).toSorted(([, [a]], [, [b]]) => a - b);
    const targets = { [leanest]: { most: 0.6 } };
    const heading = { figure: `characters of an answer: ${name}`, form: '', unit: '', targets };
    rows.push(...rowsOf(heading, new Map(lengths)));
  }
  return rows;
}
