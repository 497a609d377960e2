#!/usr/bin/python3
"""Lists and inspects with python3-docker all that an engine has; prints what stands for hidden values."""
import docker

client = docker.from_env(timeout=30)
api = client.api
for container in client.containers.list(all=True):
    print("container", container.name, container.status, container.image.tags)
    print(" env", container.attrs["Config"]["Env"], "mounts", container.attrs["Mounts"][0]["Source"])
    network = list(container.attrs["NetworkSettings"]["Networks"].values())[0]
    print(" address", repr(network["IPAddress"]), "ports", container.ports)
for image in client.images.list():
    print("image", image.tags, image.attrs["Config"].get("Env"), image.history()[0]["CreatedBy"])
for network in client.networks.list():
    print("network", network.name, client.networks.get(network.id).attrs["IPAM"]["Config"])
for volume in client.volumes.list():
    print("volume", volume.name, volume.attrs["Mountpoint"])
api.df()
print("root", client.info()["DockerRootDir"])
if client.info()["Swarm"]["LocalNodeState"] == "active":
    print("nodes", [node.attrs["Status"]["Addr"] for node in client.nodes.list()])
    print("services", [service.name for service in client.services.list()])
    print("secrets", [secret.name for secret in client.secrets.list()])
    print("configs", [config.attrs["Spec"]["Data"] for config in client.configs.list()])
