import { readFile } from 'node:fs/promises';
import { DockerfileParser, type Copy, type Env, type From, type Instruction } from 'dockerfile-ast';

/** The instructions that the replay of a Dockerfile supports; any other is an error, so that nothing is passed over. */
export type Step =
  | { kind: 'from'; image: string; stage: string | undefined }
  | { kind: 'workdir'; path: string }
  | { kind: 'copy'; from: string | undefined; sources: string[]; target: string }
  | { kind: 'run'; command: string }
  | { kind: 'env'; variables: Record<string, string> }
  | { kind: 'user'; name: string }
  | { kind: 'healthcheck' | 'entrypoint' | 'cmd'; argv: string[] };

/** Of no consequence for what is in the image or how it starts. */
const REMARKS = ['LABEL', 'EXPOSE', 'STOPSIGNAL'];

/** The steps of a Dockerfile, in their order. */
export async function readDockerfile(file: string): Promise<Step[]> {
  const instructions = DockerfileParser.parse(await readFile(file, 'utf8')).getInstructions();
  return instructions.filter((each) => !REMARKS.includes(each.getKeyword())).map(toStep);
}

function toStep(instruction: Instruction): Step {
  const content = instruction.getArgumentsContent() ?? '';
  const keyword = instruction.getKeyword();
  // In a RUN, variables are the shell's to expand.
  if (keyword !== 'RUN' && instruction.getVariables().length > 0)
    throw new Error(`The replay does not expand variables: ${instruction.toString()}`);
  switch (keyword) {
    case 'FROM': {
      const from = instruction as From;
      return { kind: 'from', image: from.getImage() ?? '', stage: from.getBuildStage() ?? undefined };
    }
    case 'WORKDIR':
      return { kind: 'workdir', path: content };
    case 'COPY':
      return toCopy(instruction as Copy);
    case 'RUN':
      return { kind: 'run', command: content };
    case 'ENV': {
      const properties = (instruction as Env).getProperties();
      return {
        kind: 'env',
        variables: Object.fromEntries(properties.map((each) => [each.getName(), each.getValue() ?? ''])),
      };
    }
    case 'USER':
      return { kind: 'user', name: content };
    case 'HEALTHCHECK':
      return { kind: 'healthcheck', argv: execForm(content.replace(/^CMD\s+/, '')) };
    case 'ENTRYPOINT':
      return { kind: 'entrypoint', argv: execForm(content) };
    case 'CMD':
      return { kind: 'cmd', argv: execForm(content) };
    default:
      throw new Error(`The replay does not know ${keyword}`);
  }
}

function toCopy(copy: Copy): Step {
  const paths = copy.getArguments().map((argument) => argument.getValue());
  const flags = copy.getFlags().map((flag) => flag.getName());
  if (flags.some((flag) => flag !== 'from') || paths.some((path) => /[*?[]/.test(path)))
    throw new Error(`The replay copies without wildcards, and with no flag but --from: ${copy.toString()}`);
  return {
    kind: 'copy',
    from: copy.getFromFlag()?.getValue() ?? undefined,
    sources: paths.slice(0, -1),
    target: paths.at(-1) ?? '',
  };
}

/** In shell form, a shell would be process 1, and keep the signals to itself. */
function execForm(content: string): string[] {
  if (!content.startsWith('[')) throw new Error(`Not in exec form: ${content}`);
  return JSON.parse(content) as string[];
}
