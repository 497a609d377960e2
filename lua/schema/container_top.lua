-- schema.container_top: GET /containers/{id}/top. The engine hands ps_args of the query to the
-- host's ps.
return {
  surface = "container_top", group = "container_top", prefix = "top", subject = "container top",
  body_max = 0,
}
