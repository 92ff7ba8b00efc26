const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/** Replaces every `${NAME}`; a variable that is unset or empty is a problem, never an empty text. */
export function expandVariables(
  text: string,
  env: NodeJS.ProcessEnv,
  key = 'connection',
): {value: string; problem?: {message: string; hint: string}} {
  const missing = [...text.matchAll(VARIABLE)].map(match => match[1]!).find(name => !env[name])
  if (missing) {
    const message = `${key}: the environment variable ${missing} is not set`
    return {value: text, problem: {message, hint: `export ${missing}, or give the connection on the command line`}}
  }
  if (text.replaceAll(VARIABLE, '').includes('${')) {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user must type
    const hint = 'write it as ${NAME}, of letters, digits and _'
    return {value: text, problem: {message: `${key}: malformed variable`, hint}}
  }
  return {value: text.replaceAll(VARIABLE, (_, name) => env[name]!)}
}
