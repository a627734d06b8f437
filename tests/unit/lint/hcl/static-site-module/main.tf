terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = var.region
}

provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"
}

module "site" {
  source = "./modules/site"

  domain_name = var.domain_name
  aliases     = [var.domain_name, "www.${var.domain_name}"]
  tags        = local.tags

  providers = {
    aws           = aws
    aws.us_east_1 = aws.us_east_1
  }
}

locals {
  tags = merge(var.tags, { Environment = "prod", ManagedBy = "terraform" })
}
