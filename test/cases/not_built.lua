-- not_built: what this version does not have, as cases meet it: name -> why. Cases that need
-- one of these are counted apart under its name, never as passed. What the program calls not
-- built and is not named here is a failure, so a surface cannot go missing unseen; a name
-- leaves the list when it is built.
--
-- surfaces: as src/http/route.h names them. settings: beginnings of keys. unseen: surfaces of
-- cases about what `check` does not show, whatever is built.
return {
  surfaces = {
    container_archive = "archives are not inspected yet",
    image_load = "archives are not inspected yet",
    build = "build contexts are not inspected yet",
    volume = "volume create is not inspected yet",
    network = "networks are not inspected yet",
    secret = "secrets are not inspected yet",
    config = "configs are not inspected yet",
    service = "services are not inspected yet",
    swarm = "swarm calls are not inspected yet",
    node = "node update is not inspected yet",
    plugin = "plugins are not inspected yet",
    buildkit = "BuildKit mediation comes later",
    libpod = "Podman's own API comes later",
  },
  settings = {
    ["admin"] = "no admin endpoint yet",
    ["clients"] = "no client profiles, rollout modes or limits yet",
    ["compat"] = "no rules from other proxies' variables yet",
    ["health.readiness"] = "no readiness check yet",
    ["health.watchdog"] = "no watchdog yet",
    ["listen.tls"] = "no TLS yet",
    ["listeners"] = "one listener of each kind, without scopes, yet",
    ["log.audit"] = "no audit log yet",
    ["metrics"] = "no metrics yet",
    ["mutations"] = "no mutations yet",
    ["ownership"] = "no ownership yet",
    ["policy_bundle"] = "no signed configuration yet",
    ["reload"] = "no reload yet",
    ["request_body"] = "settings of surfaces that are not inspected yet, and of image trust",
    ["response"] = "no visibility yet",
    ["upstream"] = "one engine, on a unix socket, yet",
  },
  unseen = {
    ["response.redaction"] = "answers of the engine",
    ["response.visibility"] = "answers of the engine",
    ambiguous_keys = "one function of the reference",
    buildkit = "messages inside a tunnel",
    dockerfilters = "one function of the reference",
    image_trust = "signatures in a registry",
    image_trust_config = "signatures in a registry",
    image_trust_pin = "one function of the reference",
    image_trust_subject = "one function of the reference",
  },
}
