variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "domain_name" {
  description = "The apex."
  type        = string
}

variable "tags" {
  type    = map(string)
  default = {}
}
