import { progress } from '../progress.mjs';
import { textOf } from '../rightness.mjs';
import { STEWARD } from '../servers/index.mjs';

/** @type {import('./index.mjs').Figure} */
export const characters = {
  name: 'characters',
  what: 'length of the text that a model gets to read',
  async measure(stage) {
    progress('characters of an answer');
    const contestants = (await stage.overStdio()).filter(({ kind }) => kind.looksUp);
    const rows = [];
    for (const { name, one } of stage.topics) {
      /** @type {Map<string, number>} */
      const lengths = new Map();
      for (const contestant of contestants)
        lengths.set(contestant.name, textOf(await contestant.ask(one)).length);
      const ours = lengths.get(STEWARD) ?? Number.NaN;
      lengths.delete(STEWARD);
      const leanest = Math.min(...lengths.values());
      for (const [against, theirs] of lengths) {
        const isMain = theirs === leanest;
        rows.push({
          figure: `characters of an answer: ${name}`,
          form: '',
          against,
          isMain,
          target: isMain ? { most: 0.6 } : undefined,
          ratio: { median: ours / theirs },
          ours: String(ours),
          theirs: String(theirs),
        });
      }
    }
    return rows;
  },
};
