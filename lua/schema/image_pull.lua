-- schema.image_pull: POST /images/create. The engine reads the query and a header; a pull has
-- no body.
return {
  surface = "image_pull", group = "image_pull", prefix = "", subject = "image pull", body_max = 0,
}
