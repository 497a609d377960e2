-- Exceptions, each with a name, an end and somebody who answers for it.
return {
  id = "site.legacy_backup",
  waives = { "site.images" },
  reads = { "Image" }, surface = "container_create",
  when = function(req)
    return req.body.Image == "backup:1.0" and req.query.name == "nightly-backup"
  end,
  reason = "the vendor's image moves to our registry with the next release",
  approved_by = "security@acme.example",
  expires = "2099-12-31",
}
