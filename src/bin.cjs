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
import('./cli.js');
