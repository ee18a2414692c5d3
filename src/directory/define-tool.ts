import type { z } from 'zod';
import type { Tool } from '../capability/define.js';
import type { Rights } from '../database/privileges.js';
import { USES_ANSWER } from './rights.js';
import type { Directory } from './services.js';
import type { WriteContext } from './writes.js';

/** A tool that names what it reads and writes. Grants, doctor and prisma/roles.sql follow from that. */
export type DirectoryTool = Tool & { rights: readonly Rights[] };

/** A tool that reads; as defineTool of the floors. */
export function defineDirectoryTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  tool: Tool<Input, Output> & Pick<DirectoryTool, 'rights'>,
): DirectoryTool {
  return tool;
}

/** A tool that writes: its WriteContext opens Writes, the only way to a write, on which a person can be asked. */
export function defineDirectoryWrite<Input extends z.ZodObject, Output extends z.ZodObject>({
  handle,
  rights,
  ...tool
}: Omit<Tool<Input, Output>, 'handle'> &
  Pick<DirectoryTool, 'rights'> & {
    handle(input: z.output<Input>, context: WriteContext, directory: Directory): Promise<z.input<Output>>;
  }): DirectoryTool {
  return defineDirectoryTool({
    ...tool,
    rights: [...rights, USES_ANSWER],
    handle(input, context, directory: Directory) {
      return handle(input, { ...context, elicitation: directory.elicitations.of(context, input) }, directory);
    },
  });
}
