// Loaded into a process before Steward itself (node --import): its wall clock is off by as many milliseconds as the file
// named by SHIFTED_CLOCK_FILE says at that moment. `performance.now()` and timers go by a clock of their own, which no one
// sets, and are left alone, as the system leaves them when it sets its clock.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const file = process.env['SHIFTED_CLOCK_FILE'] ?? '';
const RealDate = Date;
const now = () => RealDate.now() + Number(readFileSync(file, 'utf8'));

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: () => new RealDate(now()).toString(),
  get: (target, property, receiver) => (property === 'now' ? now : Reflect.get(target, property, receiver)),
});
