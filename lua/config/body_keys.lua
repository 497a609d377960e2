-- config.body_keys: the request_body settings of surfaces that nothing judges yet.
--
-- Known by name, so that a configuration is not called wrong where it is only early. A
-- setting leaves this file when the check that reads it is written: core.registry then
-- has it.
local body_keys = {}


local function add(group, kind, default, names)
  for _, name in ipairs(text.fields(names)) do
    body_keys[#body_keys + 1] = {
      key = "request_body." .. group .. "." .. name, type = kind, default = default,
      built = false,
    }
  end
end


local function image_trust(group)
  add(group, "string", "off", "image_trust.mode")
  add(group, "duration", "", "image_trust.verify_timeout")
  add(group, "bool", true, "image_trust.require_rekor_inclusion")
  add(group, "any", {}, "image_trust.allowed_signing_keys image_trust.allowed_keyless")
end


image_trust("container_create")
add("build", "bool", false, "allow_remote_context allow_host_network allow_run_instructions")
add("container_archive", "bool", false,
    "allow_setid allow_device_nodes allow_escaping_links")
add("container_archive", "list", {}, "allowed_paths")
add("image_load", "bool", false, "allow_all_registries allow_untagged")
add("image_load", "bool", true, "allow_official")
add("image_load", "list", {}, "allowed_registries")
for _, group in ipairs { "volume", "libpod_volume" } do
  add(group, "bool", false, "allow_custom_drivers allow_driver_opts")
end
for _, group in ipairs { "network", "libpod_network" } do
  add(group, "bool", false, [[allow_custom_drivers allow_swarm_scope allow_ingress
    allow_attachable allow_config_only allow_config_from allow_custom_ipam_drivers
    allow_custom_ipam_config allow_ipam_options allow_driver_options allow_disable_ipv4
    allow_endpoint_config allow_disconnect_force endpoint_config.allow_static_addressing
    endpoint_config.allow_link_local_ips endpoint_config.allow_mac_pinning
    endpoint_config.allow_gw_priority]])
  add(group, "bool", true, "endpoint_config.allow_aliases")
end
for _, group in ipairs { "secret", "config", "libpod_secret" } do
  add(group, "bool", false, "allow_custom_drivers allow_template_drivers")
end
add("service", "bool", false, [[allow_host_network allow_all_registries
  allow_all_capabilities allow_sysctls require_no_new_privileges require_non_root_user
  require_readonly_rootfs require_drop_all_capabilities deny_unconfined_seccomp
  deny_custom_seccomp_profiles deny_unconfined_apparmor deny_selinux_disable
  deny_selinux_label_override require_cpu_limit require_cpu_limit_hard]])
add("service", "bool", true, "allow_official")
add("service", "list", {}, "allowed_bind_mounts allowed_registries allowed_capabilities")
image_trust("service")
add("swarm", "bool", false, [[allow_force_new_cluster allow_external_ca
  allow_signing_ca_update allow_auto_lock_managers allow_token_rotation
  allow_manager_unlock_key_rotation allow_unlock]])
add("swarm", "list", {}, "allowed_join_remote_addrs")
add("node", "bool", false,
    "allow_name_change allow_role_change allow_availability_change allow_label_mutation")
add("node", "list", {}, "allowed_label_keys")
add("plugin", "bool", false, [[allow_host_network allow_host_ipc allow_host_pid
  allow_all_devices allow_all_capabilities allow_all_registries]])
add("plugin", "bool", true, "allow_official")
add("plugin", "list", {}, [[allowed_bind_mounts allowed_devices allowed_capabilities
  allowed_registries allowed_set_env_prefixes]])
add("libpod_container_create", "bool", false, [[allow_privileged allow_host_network
  allow_host_pid allow_host_ipc allow_host_userns allow_all_devices
  restrict_namespace_sharing allow_all_capabilities deny_unconfined_seccomp
  deny_unconfined_apparmor deny_selinux_disable require_non_root_user
  require_readonly_rootfs require_memory_limit require_cpu_limit require_cpu_limit_hard
  require_pids_limit allow_sysctls allow_systemd_mode allow_custom_id_mappings]])
add("libpod_container_create", "list", {}, [[allowed_bind_mounts allowed_devices
  allowed_namespace_sharing_containers allowed_capabilities allowed_seccomp_profiles
  allowed_apparmor_profiles]])
image_trust("libpod_container_create")
add("libpod_pod_create", "bool", false, "allow_host_network allow_shared_pid_namespace")
add("libpod_pod_create", "list", {}, "allowed_infra_image_registries")
add("buildkit", "bool", false, [[control.allow_info control.allow_list_workers
  control.allow_status control.solve.allow session.health session.auth.allow
  session.secrets.allow session.ssh.allow session.file_sync.allow session.file_send.allow
  session.upload.allow]])
add("buildkit", "list", {}, [[control.solve.allowed_cache_import_types
  control.solve.allowed_cache_export_types control.solve.allowed_cache_registries
  control.solve.allowed_exporters control.solve.allowed_exporter_registries
  session.auth.allowed_registries session.auth.allowed_realms session.auth.allowed_scopes
  session.secrets.allowed_ids session.ssh.allowed_ids]])
add("buildkit", "int", 0, [[session.file_sync.max_files session.file_sync.max_total_bytes
  session.file_sync.max_path_length session.file_sync.max_file_bytes
  session.file_send.max_bytes session.upload.max_bytes]])

return body_keys
