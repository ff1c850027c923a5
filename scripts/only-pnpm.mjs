// `npm install` here would link no workspace package and say nothing: stop it with the command that works.
const agent = process.env.npm_config_user_agent ?? ''
if (!agent.startsWith('pnpm/')) {
  console.error(`
  This is a pnpm workspace; another package manager would leave it half installed.
  Nothing needs installing beforehand, these two commands do it all:

    npx -y pnpm@10.34.9 demo     installs what is missing and runs the demo
    npx -y pnpm@10.34.9 test     installs what is missing and runs the tests
`)
  process.exit(1)
}
