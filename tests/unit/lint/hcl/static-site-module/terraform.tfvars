domain_name = "lemonade.example"
