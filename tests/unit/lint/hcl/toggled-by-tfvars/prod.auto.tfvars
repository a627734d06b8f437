blue = false
