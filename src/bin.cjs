#!/usr/bin/env node
// Written for any Node, however old: it must live long enough to say that it is too old.
var needed = [22, 19];
var found = process.versions.node.split('.').map(Number);
if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  process.stderr.write(
    'rtstream-tui needs Node ' + needed.join('.') + ' or newer; this is Node ' + process.versions.node +
    '. Get it from https://nodejs.org, or run: npx -p node@24 -p rtstream-tui rtstream-tui\n'
  );
  process.exit(2);
}
// node:sqlite still announces itself as experimental; on a screen that would be a stain.
var emitWarning = process.emitWarning;
process.emitWarning = function (warning) {
  if (String(warning && warning.message || warning).indexOf('SQLite is an experimental feature') < 0) emitWarning.apply(process, arguments);
};
// Node's pool for what blocks: files, a query of the lake, what frees memory. DuckDB's process has as many, which all run statements
// while there is a backlog. Each more costs memory and caches of its own (docs/benchmarks.md). Read once by Node, when the pool is first used; a person's own number stands.
process.env.UV_THREADPOOL_SIZE = process.env.UV_THREADPOOL_SIZE || '3';
// How long DuckDB's allocator keeps freed memory for the next batch, which comes a second later: by itself it gives that
// back sooner, only to ask for it again. The engine gives back what is too much (src/local/engine/duckdb-engine.ts). One pool for
// all threads, since only one or two use it at a time: each of several would keep what another one needs.
process.env.DUCKDB_JE_MALLOC_CONF = process.env.DUCKDB_JE_MALLOC_CONF || 'narenas:1,dirty_decay_ms:30000,muzzy_decay_ms:30000';
// Compiled code is kept for the next start, which shows its first frame sooner (docs/benchmarks.md). Not in the shared temporary
// folder, Node's own choice: what lies there is run. A folder that cannot be made only costs the time.
var nodeModule = require('node:module');
try {
  var cache = process.env.NODE_COMPILE_CACHE || cacheFolder();
  if (cache && nodeModule.enableCompileCache) {
    nodeModule.enableCompileCache(cache);
    // A worker does not take it over from this thread, only from the environment.
    process.env.NODE_COMPILE_CACHE = cache;
  }
} catch (error) {
  // A user without a home folder, a working folder that is gone: the start only takes longer.
}
// 0 is set by whoever has seen everything come back. A wait that nothing can end empties the event loop: that is no success.
process.exitCode = 1;
process.once('beforeExit', function () {
  end('rtstream-tui ended before its work was done: nothing was left that it could wait for.');
});
// `serve` is ready when its worker is, whose code is loaded from here on; the screen does not wait for it.
var first = process.argv[2] === 'serve' ? import('./early-worker.js') : Promise.resolve();
first.then(function () {
  return import('./cli.js');
}).catch(function (error) {
  end('rtstream-tui could not be loaded: ' + String(error && error.message || error).split('\n')[0] + '. Install it again.');
});

function end(sentence) {
  process.stderr.write(sentence + '\n', function () {
    process.exit(1);
  });
}

/** The user's own folder for caches, by platform; made step by step, since Node never returns from an impossible path. */
function cacheFolder() {
  var fs = require('node:fs');
  var path = require('node:path');
  var home = require('node:os').homedir();
  var caches = process.platform === 'win32' ? process.env.LOCALAPPDATA || path.join(home, 'AppData', 'Local')
    : process.platform === 'darwin' ? path.join(home, 'Library', 'Caches')
    : process.env.XDG_CACHE_HOME || path.join(home, '.cache');
  var folder = path.join(caches, 'rtstream-tui');
  if (!path.isAbsolute(caches)) return undefined;
  try {
    [caches, folder].forEach(function (step) {
      if (!fs.existsSync(step)) fs.mkdirSync(step, { mode: 448 });
    });
    fs.accessSync(folder, fs.constants.W_OK);
    return folder;
  } catch (error) {
    return undefined;
  }
}
