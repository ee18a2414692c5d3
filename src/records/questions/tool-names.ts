/** The tools that every caller has who may see any model. */
export const TOOL_NAMES = [
  'describe_models',
  'find_records',
  'get_record',
  'count_records',
  'aggregate_records',
];

const NAMING = new RegExp(` ?[^.:?]*\\b(${TOOL_NAMES.join('|')})\\b[^.]*\\.`, 'g');

/** Leaves out the sentences that send a reader to a tool that is not there. */
export function withoutToolNames(text: string): string {
  return text.replace(NAMING, '');
}
