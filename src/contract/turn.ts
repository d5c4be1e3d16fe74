/**
 * Let timers, input and other work run before going on. setImmediate where there is one (Node): it costs about a
 * microsecond, where setTimeout costs one to four milliseconds.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
