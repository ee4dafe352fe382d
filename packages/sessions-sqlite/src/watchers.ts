import type { Wake, WakeQueue } from "@adk/core";

/** The watchers of this process, by file: what one store writes, the others on that file are told at once. */
const watchersOfFile: Map<string, Set<WakeQueue>> = new Map();

export function addWatcher(file: string, watcher: WakeQueue): void {
  const watchers = watchersOfFile.get(file);
  if (watchers) watchers.add(watcher);
  else watchersOfFile.set(file, new Set([watcher]));
}

export function removeWatcher(file: string, watcher: WakeQueue): void {
  const watchers = watchersOfFile.get(file);
  if (watchers?.delete(watcher) && watchers.size === 0) watchersOfFile.delete(file);
}

export function tellWatchers(file: string, wake: Wake): void {
  for (const watcher of watchersOfFile.get(file) ?? []) watcher.push(wake);
}
