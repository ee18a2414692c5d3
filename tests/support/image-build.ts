import { execFile } from 'node:child_process';
import {
  copyFile,
  cp,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import dockerignore from '@balena/dockerignore';
import { bareEnvironment, ROOT } from './command.mjs';
import { readDockerfile, type Step } from './dockerfile.js';

const execute = promisify(execFile);

/** A stage of the build: a folder in place of the file system, and what the instructions said about it. */
export interface Stage {
  /** Stands for `/` of the image. */
  root: string;
  workdir: string;
  env: Record<string, string>;
  user: string | undefined;
  healthcheck: string[];
  entrypoint: string[];
  cmd: string[];
}

const EMPTY = { workdir: '/', env: {}, user: undefined, healthcheck: [], entrypoint: [], cmd: [] };

/**
 * Replays the project's Dockerfile in folders below `dir`, without a Docker engine. What an image of a registry holds is
 * left out: this machine's Node and npm stand for it.
 * @returns the last stage
 */
export async function buildImage(dir: string): Promise<Stage> {
  const steps = await readDockerfile(path.join(ROOT, 'Dockerfile'));
  const context = await readContext();
  const named = new Map<string, Stage>();
  let stage: Stage | undefined;
  for (const step of steps) {
    if (step.kind === 'from') {
      stage = await newStage(dir, named.get(step.image));
      if (step.stage !== undefined) named.set(step.stage, stage);
    } else if (stage === undefined) throw new Error('The Dockerfile does not begin with FROM');
    else await perform(step, stage, named, context);
  }
  if (stage === undefined) throw new Error('The Dockerfile is empty');
  return stage;
}

async function newStage(dir: string, base: Stage = { ...EMPTY, root: '' }): Promise<Stage> {
  const root = await mkdtemp(path.join(dir, 'stage-'));
  if (base.root !== '') await cp(base.root, root, { recursive: true, verbatimSymlinks: true });
  return { ...base, env: { ...base.env }, root };
}

async function perform(
  step: Exclude<Step, { kind: 'from' }>,
  stage: Stage,
  named: Map<string, Stage>,
  context: Context,
): Promise<void> {
  switch (step.kind) {
    case 'workdir':
      stage.workdir = path.posix.resolve(stage.workdir, step.path);
      await mkdir(path.join(stage.root, stage.workdir), { recursive: true });
      break;
    case 'env':
      Object.assign(stage.env, step.variables);
      break;
    case 'user':
      stage.user = step.name;
      break;
    case 'copy':
      await copy(step, stage, named, context);
      break;
    case 'run':
      await runStep(step.command, stage);
      break;
    default:
      stage[step.kind] = step.argv;
  }
}

/** The folder of the Dockerfile, without what .dockerignore keeps out of it. */
interface Context {
  isIgnored(file: string): boolean;
}

async function readContext(): Promise<Context> {
  const rules = dockerignore.default().add(await readFile(path.join(ROOT, '.dockerignore'), 'utf8'));
  return { isIgnored: (file) => rules.ignores(path.relative(ROOT, file)) };
}

async function copy(
  { from, sources, target }: Extract<Step, { kind: 'copy' }>,
  stage: Stage,
  named: Map<string, Stage>,
  context: Context,
): Promise<void> {
  const root = from === undefined ? ROOT : named.get(from)?.root;
  if (root === undefined) throw new Error(`There is no stage ${from}`);
  const to = path.join(stage.root, path.posix.resolve(stage.workdir, target));
  for (const source of sources) {
    const origin = path.join(root, source);
    const files = await filesBelow(origin);
    const wanted = from === undefined ? files.filter((file) => !context.isIgnored(file)) : files;
    if (wanted.length === 0) throw new Error(`COPY ${source}: not found, or kept out by .dockerignore`);
    // The contents of a folder are copied, not the folder; a file goes into a target that is one.
    const isFile = wanted[0] === origin;
    for (const file of wanted) {
      const name = isFile ? path.basename(file) : path.relative(origin, file);
      await place(file, isFile && !target.endsWith('/') ? to : path.join(to, name), from === undefined);
    }
  }
}

/** A file of the checkout is copied; those of a stage are not shared, and linking is quicker. */
async function place(file: string, to: string, copied: boolean): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  if ((await lstat(file)).isSymbolicLink()) await symlink(await readlink(file), to);
  else if (copied) await copyFile(file, to);
  else await link(file, to);
}

async function filesBelow(dir: string): Promise<string[]> {
  const found = await lstat(dir).catch(() => undefined);
  if (!found) return [];
  if (!found.isDirectory()) return [dir];
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

async function runStep(command: string, stage: Stage): Promise<void> {
  const cwd = path.join(stage.root, stage.workdir);
  const env = bareEnvironment({
    NODE_ENV: undefined,
    npm_config_cache: await npmCache(),
    // The suite has no network: npm has to find each package in its cache, where `npm ci` left them.
    npm_config_offline: 'true',
    npm_config_update_notifier: 'false',
    ...stage.env,
  });
  const shell = (line: string) => execute('/bin/sh', ['-c', line], { cwd, env });
  // All that the lock file names is what the checkout has installed already.
  if (/^npm ci\b/.test(command) && !command.includes('--omit')) {
    await symlink(path.join(ROOT, 'node_modules'), path.join(cwd, 'node_modules'));
    return;
  }
  try {
    await shell(command);
  } catch (error) {
    if (!isUncached(error)) throw error;
    // The cache was cleaned. What is installed in the checkout, cut down by the same flags, is the same.
    const installed = path.join(cwd, 'node_modules');
    await rm(installed, { recursive: true, force: true });
    await cp(path.join(ROOT, 'node_modules'), installed, { recursive: true, verbatimSymlinks: true });
    await shell(command.replace(/\bnpm ci\b/, 'npm prune'));
  }
}

function isUncached(error: unknown): boolean {
  return /ENOTCACHED/.test((error as { stderr?: string }).stderr ?? '');
}

async function npmCache(): Promise<string> {
  const { stdout } = await execute('npm', ['config', 'get', 'cache'], { cwd: os.tmpdir() });
  return stdout.trim();
}
