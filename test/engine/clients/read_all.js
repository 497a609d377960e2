// Lists and inspects with dockerode all that an engine has; prints what stands for hidden values.
'use strict'

const Docker = require('dockerode')
const docker = new Docker()

async function main () {
  for (const { Id } of await docker.listContainers({ all: true })) {
    const container = await docker.getContainer(Id).inspect()
    console.log('container', container.Name, container.Config.Env, container.Mounts[0].Source)
  }
  for (const { Id } of await docker.listImages()) {
    const image = docker.getImage(Id)
    console.log('image', (await image.inspect()).Config.Env, (await image.history())[0].CreatedBy)
  }
  for (const { Id, Name } of await docker.listNetworks()) {
    console.log('network', Name, (await docker.getNetwork(Id).inspect()).IPAM.Config)
  }
  for (const { Name } of (await docker.listVolumes()).Volumes) {
    console.log('volume', Name, (await docker.getVolume(Name).inspect()).Mountpoint)
  }
  await docker.df()
  const info = await docker.info()
  console.log('root', info.DockerRootDir)
  if (info.Swarm.LocalNodeState === 'active') {
    console.log('services', (await docker.listServices()).map(s => s.Spec.Name))
    console.log('configs', (await docker.listConfigs()).map(c => c.Spec.Data))
  }
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})
