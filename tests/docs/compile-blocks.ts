import ts from 'typescript'
import { type Block, ROOT } from './blocks.ts'

const FOLDER = `${ROOT}/tests/docs`

/**
 * Compiles all blocks in one program, each as a module next to `api.ts` in this folder, under the options of the
 * repository. Gives what the compiler says of each block, at the lines of its page.
 */
export function compileBlocks(blocks: readonly Block[]): ReadonlyMap<Block, readonly string[]> {
  const files = new Map(blocks.map((block, index) => [`${FOLDER}/block-${index}.ts`, block]))
  const options = compilerOptions()
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name)?.code ?? readFile(name)
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const block = files.get(name)
    // A block without imports would be a script, and its names those of all others.
    return block
      ? ts.createSourceFile(name, `${block.code}\nexport {}`, languageVersion)
      : getSourceFile(name, languageVersion, ...rest)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  return new Map(
    [...files].map(([name, block]) => {
      const file = program.getSourceFile(name)
      return [block, ts.getPreEmitDiagnostics(program, file).map((diagnostic) => inPage(diagnostic, block))]
    }),
  )
}

function compilerOptions(): ts.CompilerOptions {
  const path = `${ROOT}/tsconfig.json`
  const { config } = ts.readConfigFile(path, ts.sys.readFile)
  return ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, ROOT).options
}

function inPage({ file, start, messageText }: ts.Diagnostic, { page, line }: Block): string {
  const at = file && start !== undefined ? file.getLineAndCharacterOfPosition(start).line : 0
  return `${page}:${line + at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
}
