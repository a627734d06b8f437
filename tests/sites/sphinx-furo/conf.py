project = "Lighthouse"
html_theme = "furo"
html_title = "Lighthouse"
html_copy_source = True
