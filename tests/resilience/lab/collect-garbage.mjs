// Loaded into Steward with --import: SIGUSR2 collects all garbage, so that the metrics of memory show what is in use.
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');
process.on('SIGUSR2', () => collect());
