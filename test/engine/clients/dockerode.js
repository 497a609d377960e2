// What programs do with dockerode: exec with demultiplexing, attach with stdin, logs, archives.
// Prints what they see.
'use strict'

const { PassThrough } = require('stream')
const Docker = require('dockerode')

const docker = new Docker()

async function text (stream) {
  const parts = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts).toString()
}

// A multiplexed stream as [stdout, stderr].
function demultiplexed (stream) {
  const out = new PassThrough()
  const err = new PassThrough()
  docker.modem.demuxStream(stream, out, err)
  stream.on('end', () => { out.end(); err.end() })
  return Promise.all([text(out), text(err)])
}

async function create (name, options) {
  return docker.createContainer({ Image: 'alpine', name, ...options })
}

async function exec (container) {
  const run = await container.exec({
    Cmd: ['sh', '-c', 'echo out; echo problem >&2; exit 3'], AttachStdout: true, AttachStderr: true
  })
  console.log('exec', await demultiplexed(await run.start({})), (await run.inspect()).ExitCode)
}

async function execWithStdin (container) {
  const run = await container.exec({ Cmd: ['cat'], AttachStdin: true, AttachStdout: true })
  const stream = await run.start({ hijack: true, stdin: true })
  stream.end('through and back\n')
  console.log('exec stdin', await demultiplexed(stream))
}

async function attach () {
  const container = await create('node-in', { Cmd: ['cat'], OpenStdin: true, StdinOnce: true })
  const stream = await container.attach({ stream: true, stdin: true, stdout: true, hijack: true })
  await container.start()
  stream.end('hello\n')
  console.log('attach', await demultiplexed(stream), await container.wait())
  await container.remove()
}

async function logs () {
  const container = await create('node-log',
    { Cmd: ['sh', '-c', 'for i in 1 2 3; do echo line $i; sleep 0.3; done'] })
  await container.start()
  const stream = await container.logs({ follow: true, stdout: true, stderr: true })
  console.log('logs', await demultiplexed(stream))
  await container.remove()
}

// It sends what stands in the query in a JSON body, too.
async function writes (container) {
  const stopped = container.wait({ condition: 'not-running' })
  await container.resize({ h: 30, w: 90 }).catch(e => console.log('resize', e.statusCode))
  await container.rename({ name: 'renamed' })
  await container.restart({ t: 0 })
  await container.stop({ t: 0 })
  console.log('wait', await stopped)
  await container.start()
  await container.kill({ signal: 'SIGKILL' })
  await docker.getImage('alpine').tag({ repo: 'tagged', tag: '1' })
  await docker.getImage('tagged:1').remove()
  await docker.pull('registry.invalid/none').catch(e => console.log('pull', e.statusCode))
  await docker.pruneVolumes({ filters: '{}' })
}

async function archive (container) {
  const body = await text(await container.getArchive({ path: '/etc/passwd' }))
  console.log('archive', body.includes('root:x:0:0'), body.length)
  await container.putArchive(Buffer.alloc(10240), { path: '/tmp' })
  console.log('put an empty archive')
}

async function main () {
  const container = await create('node', { Cmd: ['sleep', '600'] })
  await container.start()
  await exec(container)
  await execWithStdin(container)
  await attach()
  await logs()
  await archive(container)
  console.log('missing', await docker.getContainer('nobody').inspect().catch(e => e.json))
  console.log('list', (await docker.listContainers()).map(c => c.Names))
  await writes(container)
  await container.remove({ force: true })
}

main().catch(problem => {
  console.log(problem)
  process.exitCode = 1
})
