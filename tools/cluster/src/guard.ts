import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Stops what a launcher has started when the launcher is gone, however it went: nothing of its own can run after
 * `kill -9`. So a small shell process looks once a second. It reads the pids of the services in `*.pid`, ends those that
 * do not stop in time, then PostgreSQL, and removes the directory if told to. (Kafka has a guard of its own.)
 */
const SCRIPT = `
  while [ -e "$2/guarded" ] && kill -0 "$1" 2>/dev/null; do sleep 1; done
  [ -e "$2/guarded" ] || exit 0
  pids=$(cat "$2"/*.pid 2>/dev/null)
  for pid in $pids; do kill -TERM $pid; kill -CONT $pid; done 2>/dev/null
  for second in 1 2 3 4 5 6 7 8 9 10; do
    for pid in $pids; do kill -0 $pid 2>/dev/null && sleep 1 && continue 2; done
    break
  done
  for pid in $pids; do kill -KILL $pid; done 2>/dev/null
  postgres=$(head -n 1 "$2/postgres/data/postmaster.pid" 2>/dev/null)
  [ -z "$postgres" ] || kill -INT "$postgres" 2>/dev/null
  for second in 1 2 3 4 5; do [ -n "$postgres" ] && kill -0 "$postgres" 2>/dev/null && sleep 1; done
  [ -z "$3" ] || rm -rf "$2"`;

/** Watches over `directory` until it is disposed or this process is gone. */
export function guard(directory: string, o: { remove: boolean }): AsyncDisposable {
  const marker = join(directory, 'guarded');
  writeFileSync(marker, '');
  const args = ['-c', SCRIPT, 'cluster-guard', String(process.pid), directory, o.remove ? 'remove' : ''];
  spawn('sh', args, { detached: true, stdio: 'ignore' }).unref();
  return { [Symbol.asyncDispose]: () => rm(marker, { force: true }) };
}
