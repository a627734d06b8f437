variable "region" {
  default = "eu-central-1"
}

provider "aws" {
  region = var.region
}

module "cdn" {
  source   = "./modules/cdn"
  hostname = "www.lemonade.example"
}
