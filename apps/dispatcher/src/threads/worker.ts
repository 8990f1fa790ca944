import { checkArguments } from '../tools/check-arguments.ts';
import { renderEvent } from '../templates/render-event.ts';
import { serveTasks } from './serve-tasks.ts';

const TASKS = { check: checkArguments, render: renderEvent };

export type WorkerTasks = typeof TASKS;

serveTasks(TASKS);
