ttl = 60
records = {
  a = { address = "198.51.100.7" }
}
