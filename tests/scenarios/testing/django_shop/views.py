"""The shop's pages, and where they are."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from django_shop.jobs import DjangoPaymentJob
from django_shop.models import Order


def checkout(request: HttpRequest) -> HttpResponse:
    order = Order.objects.create()
    DjangoPaymentJob.perform_later(order.pk, "card")
    return HttpResponse(str(order.pk), status=202)


async def checkout_on_a_loop(request: HttpRequest) -> HttpResponse:
    order = await Order.objects.acreate()
    await DjangoPaymentJob.aperform_later(order.pk, "card")
    return HttpResponse(str(order.pk), status=202)


urlpatterns = [path("checkout", checkout), path("acheckout", checkout_on_a_loop)]
