// Preloaded by the commands that keep running. npm passes SIGINT and SIGTERM on, but dies of SIGHUP, SIGKILL and its own
// crashes without a word: whoever started the command through npm must not have to look for what it left running.
// The scripts start node with exec, so that its parent is npm itself and not a shell that outlives it.
import { clearInterval, setInterval } from 'node:timers';

const POLL_MS = 250;
const npm = process.ppid;

const watch = setInterval(() => {
  if (process.ppid === npm) return;
  clearInterval(watch);
  process.kill(process.pid, 'SIGTERM');
}, POLL_MS);
watch.unref();
