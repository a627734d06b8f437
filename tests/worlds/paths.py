"""One table of request paths for everything that maps a path to an object."""

# (path that a viewer asks for, path of the object inside the release)
PATHS = [
    ("/", "/index.html"),
    ("/about", "/about/index.html"),
    ("/about/", "/about/index.html"),
    ("/about/team/", "/about/team/index.html"),
    ("/a.b/c", "/a.b/c/index.html"),
    ("/styles.css", "/styles.css"),
    ("/img/logo.min.svg", "/img/logo.min.svg"),
    ("/.well-known/security.txt", "/.well-known/security.txt"),
    ("/with space.html", "/with space.html"),
    ("/über/", "/über/index.html"),
    ("/releases/0/index.html", "/releases/0/index.html"),
    ("/control/active.json", "/control/active.json"),
]
