// For who develops a page with `debug`: what is wrong and what would be right, on the console, once per key.

export const problem = (shell, key, what) => {
  const told = (shell.problems = shell.problems || {});
  if (shell.config.debug && !told[key]) console.warn('sightline: ' + key + ': ' + (told[key] = what));
};
