import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { bareEnvironment, type Ran } from './command.mjs';
import { buildImage, type Stage } from './image-build.js';

const execute = promisify(execFile);

/** The number that `node` has in the images of Node. */
const UNPRIVILEGED = 1000;

/** The project's image, replayed into a folder that cannot be written to, and run by a user who owns none of it. */
export class Image {
  private constructor(
    private readonly dir: string,
    readonly stage: Stage,
  ) {}

  static async build(): Promise<Image> {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'steward-image-'));
    await chmod(dir, 0o755);
    const stage = await buildImage(dir);
    await execute('chmod', ['-R', 'a-w,a+rX', stage.root]);
    return new Image(dir, stage);
  }

  /** The folder that stands for the image's WORKDIR. */
  get workdir(): string {
    return path.join(this.stage.root, this.stage.workdir);
  }

  /** A folder of the image's user, as a mounted volume is. */
  async volume(): Promise<string> {
    const folder = await mkdtemp(path.join(this.dir, 'v-'));
    if (isRoot()) await chown(folder, UNPRIVILEGED, UNPRIVILEGED);
    return folder;
  }

  /** Starts a command in the image, with the image's own variables and those given, and no others. */
  spawn(argv: string[], env: Record<string, string>, options: SpawnOptions = {}): ChildProcess {
    const [command = '', ...args] = argv;
    const variables = { NODE_ENV: undefined, ...this.stage.env, ...env };
    const user = isRoot() ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
    return spawn(command, args, { ...options, ...user, cwd: this.workdir, env: bareEnvironment(variables) });
  }

  /** Runs a command in the image to its end. */
  async run(argv: string[], env: Record<string, string>): Promise<Ran> {
    const child = this.spawn(argv, env, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 });
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code: code ?? -1, stdout, stderr };
  }

  async remove(): Promise<void> {
    await execute('chmod', ['-R', 'u+w', this.dir]);
    await rm(this.dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}

/** Whom file modes mean nothing to. */
function isRoot(): boolean {
  return process.getuid?.() === 0;
}
