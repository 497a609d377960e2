-- redaction_stricter: where we hide more of an answer than the reference, or refuse less of it: id
-- -> what must arrive instead (body, or status), and why. spec/e2e/redaction_e2e.lua reads it.
local MARK = "<redacted>"

return {
  ["resp-key-case-not-folded"] = {
    body = '{"config":{"env":[]}}', why = "clients' decoders find a member in any case",
  },
  ["resp-images-untouched"] = {
    body = '{"Config":{"Env":[]}}', why = "an image's environment is as secret as a container's",
  },
  ["resp-vol-list"] = {
    body = '{"Volumes":[{"Name":"v","Mountpoint":"' .. MARK .. '","Options":{"device":"' .. MARK
      .. '"}}],"Warnings":null}',
    why = "a volume's device is a path of the host",
  },
  ["resp-network-prefix-string"] = {
    body = '{"NetworkSettings":{"IPPrefixLen":"' .. MARK .. '"}}',
    why = "whatever stands in the place of a hidden value is hidden",
  },
  ["resp-network"] = {
    body = '{"HostConfig":{"NetworkMode":"<redacted>"},"NetworkSettings":{"Bridge":"<redacted>","SandboxID":"<redacted>",'
      .. '"SandboxKey":"<redacted>","IPAddress":"<redacted>","IPPrefixLen":0,"Gateway":"<redacted>","MacAddress":"<redacted>",'
      .. '"SecondaryIPAddresses":[],"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"80"}]},'
      .. '"Networks":{"backend":{"IPAddress":"<redacted>","IPPrefixLen":0,"NetworkID":"<redacted>","EndpointID":"<redacted>",'
      .. '"Gateway":"<redacted>","MacAddress":"<redacted>","Aliases":["web"],"DNSNames":["web"],"IPAMConfig":{}}}}}',
    why = "IPAMConfig holds the same address",
  },
  ["resp-too-large"] = {
    status = 200, why = "an answer is edited while it flows, whatever its size",
  },
}
