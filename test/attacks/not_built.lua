-- not_built: entries that need what this version does not have yet: id -> what that is.
return {
}
