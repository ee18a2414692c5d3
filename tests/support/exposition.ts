/** A family of metrics: what stands under one HELP and TYPE. */
export interface Family {
  help: string;
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const METADATA = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (Na[nN]|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/g;

/**
 * Reads Prometheus' text exposition format, version 0.0.4.
 * @throws Error for a line that is not of the format, a family told twice, and a sample of none
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('The last line does not end.');
  const families = new Map<string, Family>();
  let current = '';
  for (const line of text.split('\n').filter(Boolean)) {
    const [, kind, family = '', help = ''] = METADATA.exec(line) ?? [];
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    if (kind === 'HELP' && !families.has(family)) families.set((current = family), { help, samples: [] });
    else if (name !== '' && [name, name.replace(/_(bucket|sum|count)$/, '')].includes(current))
      families.get(current)?.samples.push({ name, labels: readLabels(labels), value: readNumber(value) });
    else if (kind !== 'TYPE' || family !== current) throw new Error(`misplaced: ${line}`);
  }
  return families;
}

function readLabels(text: string): Record<string, string> {
  const found = [...text.matchAll(LABEL)];
  if (found.map(([whole]) => whole).join('') !== text) throw new Error(`bad labels: ${text}`);
  return Object.fromEntries(
    found.map(([, label = '', escaped = '']) => [
      label,
      escaped.replace(/\\(.)/g, (_all, character) => (character === 'n' ? '\n' : character)),
    ]),
  );
}

const readNumber = (text: string) => Number(text.replace('Inf', 'Infinity').replace('Nan', 'NaN'));
